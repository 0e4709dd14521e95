package worker

// ShareOf is the share of a backfill that a key falls on.
func ShareOf(key string, shares int) int { return shareOf(key, shares) }
