"""The operator's tools of Artisan Hub: start the stack, check its contracts, rehearse its alarms."""
