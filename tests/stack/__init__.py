"""The supervisor, the parts and the plan of `artisan up`."""
