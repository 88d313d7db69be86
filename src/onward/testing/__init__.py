"""Tools for testing with onward: conformance suites for back ends, and what crash tests need.

A suite is a class of tests that every back end of a seam passes, yours too. Derive from it, override ``make``
and let pytest collect the class:

    from onward.testing.source_suite import SourceSuite

    class TestMySource(SourceSuite):
        def make(self, folder):
            return MySource(...)
"""
