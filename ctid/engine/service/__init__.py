"""The services that desktops ask for, after CSTA (ECMA-269): refused with a reason, or carried out whole."""
