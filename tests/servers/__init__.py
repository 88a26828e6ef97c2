"""Servers on this machine that answer as the interfaces of offices do, faults included; see `loopback`."""
