"""What is known of waiting contacts and their queues: needs, places, pace, who serves, what may be expected."""
