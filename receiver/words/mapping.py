"""What the mapping does, as people read it."""

# Roistat's groups as its console calls them, by their names in its API
GROUPS = {
    "unused": "Not registered",
    "progress": "Processing",
    "paid": "Paid",
    "canceled": "Rejected",
}

ORIGINS = {
    "MAPPING": "The mapping in the setting MAPPING counts.",
    "stored": "The stored mapping counts.",
    "default": "The default mapping counts: neither MAPPING is set nor one stored.",
}
FIELDS_UNTOLD = "The CRM has not said which fields it has: press Test there."

# What another mapping would change of a deal
RESPECTS = {
    "price": "get another price",
    "cost": "get another cost",
    "fields": "get other fields",
    "group": "are in a stage of another group",
    "enters": "would enter the filter",
    "leaves": "would leave the filter",
}

# How a field is compared, as a person chooses it
CONDITIONS = {
    "in": "is one of",
    "not_in": "is none of",
    "eq": "is",
    "ne": "is not",
    "gte": "is at least",
    "gt": "is more than",
    "lte": "is at most",
    "lt": "is less than",
    "empty": "is empty",
    "filled": "is not empty",
}
