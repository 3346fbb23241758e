"""Real servers and clients for end-to-end tests and the demo. Standard library only.

    postgres.py   a throwaway PostgreSQL on loopback
    gateway.py    a narrowgate with a configuration of its own, and its CLI
    psql.py       psql, in batch and at a terminal
    wire.py       PostgreSQL's protocol, byte by byte, for what psql would never send
    impostor.py   an upstream that misbehaves during login
    machine.py    ports, users, processes that end with us
"""
