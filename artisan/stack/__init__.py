"""One supervisor of processes, and the specs that it runs.

    part.py         what a part is, and what is told about it
    probe.py        when a part is ready
    supervisor.py   starts, watches, restarts and stops parts; knows none of them by name
    process.py      one run of a part: a process group and its log
    guard.py        ends the parts of a supervisor that was killed
    up.py           the spec of `artisan up`, made of the parts in backend.py, valkey.py, local_llm.py and so on
    render.py       the committed configuration with this machine's values; receivers.py: whom its alerts reach
    mailbox/        the mail server of `artisan up`, and its pages
    foreground.py   `artisan up` from the lock to the last part stopped

A second spec is a second module like up.py: a function that returns `Part`s.
"""
