"""The rehearsal: `artisan drill` injects real faults and waits for the real mails.

    foreground.py    `artisan drill` from its options to its exit status
    rehearsal.py     one drill after the other on one stack
    scenario.py      what a drill is; faults/ has one file for each
    coverage.py      which alert has which drill; `make check` fails when one has none
    course.py        what happened in a drill, and what came of it
    stack/           the second spec beside `artisan.stack.up`, and all that a fault can do to it when it runs:
                     spec.py the parts, configuration.py what they load, compress.py the quick clock, deafness.py
                     what is deaf on purpose, backend.py ours with routes of the rehearsal beside it, provider.py and
                     receiver.py the outside world, traffic.py its healthy visitors, stage.py all of it together
    clients/         what is asked of the parts, by their own APIs
    watching/        watch.py follows an alert to its mail and back, deadman.py waits for silence, quiet.py for health;
                     diagnose.py says at which hop a signal was lost
    report/          show.py prints it live; files.py keeps it as Markdown and JSON, chart.py as SVG

docs/drill.md tells how to read it and how to add a drill.
"""
