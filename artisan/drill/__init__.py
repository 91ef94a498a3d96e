"""The rehearsal: `artisan drill` injects real faults and waits for the real mails.

    backend.py       the rehearsal's backend: ours, with an agent, a tool and routes of the rehearsal beside it
    provider.py      a scripted LLM provider on a real socket; receiver.py: whoever is told by webhook
    compress.py      the one factor by which the durations of rules and intervals are divided
    deafness.py      configurations made deaf on purpose, so that a drill can be seen to fail
    configuration.py the committed configuration, rendered, compressed, checked
    spec.py          the parts of the stack: the second spec beside `artisan.stack.up`
    stage.py         the running stack and all that a fault can do to it
    traffic.py       healthy traffic, the same from the first second to the last
    scenario.py      what a drill is; faults/ has one file for each
    coverage.py      which alert has which drill; `make check` fails when one has none
    watch.py         inactive, pending, firing, mail, fault removed, resolved mail
    diagnose.py      at which hop a signal was lost; evidence.py asks, subexpressions.py takes an expression apart
    rehearsal.py     one drill after the other on one stack
    report.py        the evidence as Markdown and JSON, chart.py as SVG; show.py prints it live
    foreground.py    `artisan drill` from its options to its exit status

docs/drill.md tells how to read it and how to add a drill.
"""
