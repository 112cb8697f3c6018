"""sip_test_rig: a real Asterisk, real phones and SIPp, on this machine's loopback addresses only, for tests and the demo."""
