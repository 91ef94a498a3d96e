"""What a rehearsal asks of the parts: the services' own APIs and pages, and the mailbox."""
