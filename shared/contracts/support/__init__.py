"""Messages of the support desk: its agents, what they propose and decide, requests, journal."""
