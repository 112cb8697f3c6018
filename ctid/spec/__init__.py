"""The configuration, checked: ``SiteSpec`` is what the engine needs, ``DaemonSpec`` what is around it."""
