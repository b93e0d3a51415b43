"""A Quest through its browser: a page of ours streams samples over a WebSocket."""
