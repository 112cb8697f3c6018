"""sip_test_rig: a real Asterisk, real phones and SIPp for tests and the demo, on loopback addresses only."""
