"""The web portal: the joint call, its pairs, reviews, awards, access, permits, results."""
