"""The desk is a face: pages for those who pick, hand over, receive and count. Nobody imports it."""
