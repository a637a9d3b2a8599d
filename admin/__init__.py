"""The console: the web pages that tracers, doctors and administrators work in. Every endpoint declares its right."""
