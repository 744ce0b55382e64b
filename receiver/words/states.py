"""The states that anything can be in, as everybody is told them."""

OK, DEGRADED, FAILED, UNKNOWN = "ok", "degraded", "failed", "unknown"
WARNING = "warning"  # works, and somebody should know; never in a ping's answer
