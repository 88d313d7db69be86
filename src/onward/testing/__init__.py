"""Tools for testing with onward: conformance suites for back ends, and what crash tests need.

A suite is a class of tests that every back end of a seam passes, yours too. Derive from it, override ``make``
and let pytest collect the class:

    from onward.testing.source_suite import SourceSuite

    class TestMySource(SourceSuite):
        def make(self, folder):
            return MySource(...)

:func:`crash_test` kills a job of yours again and again, and compares how it ends.
"""

from onward.testing.crash import CrashReport, CrashTestFailed, crash_test

__all__ = ["CrashReport", "CrashTestFailed", "crash_test"]
