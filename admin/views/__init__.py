"""One module per page or group of pages: reads the request, asks `admin.queries` or a service, renders a template."""
