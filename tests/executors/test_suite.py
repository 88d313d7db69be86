"""Every executor that comes with onward passes the suite that others' executors are held to."""

from onward.executors import Executor, make, make_async
from onward.executors.base import AsyncExecutor
from onward.testing.executor_suite import AsyncExecutorSuite, ExecutorSuite


class TestInline(ExecutorSuite):
    workers = (1,)

    def make(self, workers: int) -> Executor:
        return make("inline", workers)


class TestThreads(ExecutorSuite):
    def make(self, workers: int) -> Executor:
        return make("threads", workers)


class TestAsyncio(AsyncExecutorSuite):
    def make(self, workers: int) -> AsyncExecutor:
        return make_async(workers)
