"""The office is a face: pages for head office and shop managers. Nobody imports it."""
