"""Why a contact waits, or has come to whom it has come to."""
