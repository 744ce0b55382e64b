"""The keys that several files of the store name; what each holds stands in __init__."""

DUE, PARKED, REASONS = "roistat:due", "roistat:parked", "roistat:reasons"
WOKEN, TURNS = "roistat:woken", "roistat:turns"
META = "roistat:meta:"
COUNTS, FRESH = "roistat:counts", "roistat:fresh:"
DELIVERED = "roistat:delivered"
REMAP = "roistat:remap"

START, DONE = "0", "done"  # where a walk over all that is held begins and ends
