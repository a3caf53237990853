"""HTTP on sockets: the connection, what leaves through it, and the server that listens."""
