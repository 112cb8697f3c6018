"""What requests and answers hold, as models that are checked and described."""
