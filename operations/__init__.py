"""The operator's side: the local servers, the services' processes, queues and dead letters."""
