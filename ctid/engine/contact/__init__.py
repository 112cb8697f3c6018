"""One contact: its states and legs, its recordings and messages, and the record it becomes."""
