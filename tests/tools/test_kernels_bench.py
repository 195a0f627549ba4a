"""The benchmarks of kernels, each called once."""

import kernels_bench
import pytest

from celpvq import modes


def once(function, *arguments):
    """Stand in for the fixture of pytest-benchmark."""
    return function(*arguments)


@pytest.fixture
def response():
    return kernels_bench.response.__wrapped__()


@pytest.mark.parametrize("mode", [modes()[0], modes()[-1]], ids=lambda mode: mode.name)
def test_the_kernels_of_a_mode_run(mode, response):
    kernels_bench.test_encode_frame(once, mode, "fast")
    kernels_bench.test_decode_frame(once, mode)
    kernels_bench.test_preselect_code_vectors(once, response, mode)


def test_the_other_kernels_run(response):
    for bits in (8, 5):
        kernels_bench.test_search_lags(once, response, bits)
    kernels_bench.test_autocorrelation(once)
    kernels_bench.test_enhancement(once)
