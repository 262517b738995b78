"""Whose words a failure has: the model's own, a library's or Python's."""

import pytest

from contract.run import Status

OWN = [
    "def run(i):\n    raise ValueError('inputs.a: it is wrong. Change it.')\n",
    "class Refusal(Exception):\n    pass\ndef run(i):\n    raise Refusal('inputs.a: it is wrong. Change it.')\n",
    (
        "def run(i):\n    try:\n        float('x')\n    except ValueError as e:\n"
        "        raise ValueError('inputs.a: it is wrong. Change it.') from e\n"
    ),
    (
        "import numpy as np\ndef run(i):\n    try:\n        np.linalg.inv(np.zeros((2, 2)))\n    except ValueError:\n"
        "        raise ValueError('inputs.a: it is wrong. Change it.')\n"
    ),
    (
        "from scipy.optimize import minimize\ndef f(x):\n    raise ValueError('inputs.a: it is wrong. Change it.')\n"
        "def run(i):\n    minimize(f, [1.0])\n"
    ),
    "def run(i):\n    yield {'a': 1}\n    raise ValueError('inputs.a: it is wrong. Change it.')\n",
    "async def run(i):\n    raise ValueError('inputs.a: it is wrong. Change it.')\n",
]


@pytest.mark.parametrize("code", OWN, ids=["plain", "own class", "from", "instead", "callback", "generator", "async"])
def test_what_the_models_own_raise_says_is_the_models_word(run, code):
    found = run(code)
    assert found.status is Status.FAILED
    assert found.reason == "Model error: inputs.a: it is wrong. Change it."
    assert found.words == "inputs.a: it is wrong. Change it."


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "import numpy as np\ndef run(i):\n    return {'a': np.ones(2) + np.ones(3)}\n",
            (
                "The model's code failed. ValueError: operands could not be broadcast together with shapes (2,) (3,)"
                "  (function.py, line 3)"
            ),
        ),
        ("def run(i):\n    return {'a': float('x')}\n", "could not convert string to float: 'x' (function.py, line 2)"),
        (
            "import numpy as np\ndef run(i):\n    return {'a': np.linalg.inv(np.zeros((2, 2)))}\n",
            "The model's code failed in numpy. LinAlgError: Singular matrix (numpy.linalg",
        ),
        (
            "from scipy.optimize import brentq\ndef run(i):\n    return {'a': brentq(lambda x: 1.0, 0, 1)}\n",
            "f(a) and f(b) must have different signs (scipy.optimize",
        ),
        (
            "import pandas as pd\ndef run(i):\n    return {'a': pd.DataFrame({'a': [1], 'b': [1, 2]})}\n",
            "The model's code failed in pandas. ValueError:",
        ),
        (
            "def run(i):\n    try:\n        float('inputs.a: x. Y.')\n    except ValueError:\n        raise\n",
            "The model's code failed. ValueError: could not convert",
        ),
        (
            (
                "import numpy as np\ndef run(i):\n    try:\n        np.linalg.inv(np.zeros((2, 2)))\n    finally:\n"
                "        print('end')\n"
            ),
            "The model's code failed in numpy. LinAlgError",
        ),
        ("def run(i):\n    assert 1 > 2, 'inputs.a: x. Y.'\n", "The model's code failed. AssertionError: inputs.a"),
    ],
    ids=["broadcast", "float", "linalg", "scipy", "pandas", "raised again", "finally", "assert"],
)
def test_an_error_of_a_library_or_of_python_is_named_with_its_place_and_is_no_word_of_the_model(run, code, words):
    found = run(code)
    assert found.status is Status.FAILED
    assert words in found.reason
    assert "Model error" not in found.reason
    assert found.words == ""


def test_a_library_s_error_names_the_models_line_and_no_path_of_the_host(run):
    found = run("import numpy as np\ndef run(i):\n    return {'a': np.linalg.inv(np.zeros((2, 2)))}\n")
    assert found.reason.endswith("; called at function.py, line 3)")
    assert "site-packages" not in found.reason


def test_a_value_that_is_no_progress_is_an_error_of_the_model_at_its_line(run):
    found = run("def run(i):\n    yield {'progress': 'half'}\n")
    assert found.reason.startswith("The model's code failed. ValueError: could not convert string to float: 'half'")
    assert "child" not in found.reason
