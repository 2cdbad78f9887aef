"""Other people's logs as rows of the landing.

One module a format, pure functions. docs/operators/adapters.md says what each field is taken from.
"""
