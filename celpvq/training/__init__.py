"""Training of all tables from a folder of speech; `pipeline.train` runs its steps in order."""
