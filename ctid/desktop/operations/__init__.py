"""The operations of the API, declared once: path, rights, shapes; what carries them out is in ``rest``."""
