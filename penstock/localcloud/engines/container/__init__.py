"""What programs behind the container contract share: /opt/ml, channels, requests, the server."""
