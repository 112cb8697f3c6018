"""What-if: scenarios and recorded journals run through the very engine that runs live, in virtual time."""
