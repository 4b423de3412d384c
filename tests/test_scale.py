"""The functions where arrays are larger than memory, spread over machines, or labelled."""

import pickle
import re
import tracemalloc
from pathlib import Path

import dask.array as da
import nbformat
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from dask.base import tokenize
from dask.distributed import Client, LocalCluster
from samples import CLASSES, assert_same
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from npdl_activations import Elliot, Sigmoid, Softmax, SoftSign
from npdl_activations.elementwise import Elementwise

each = pytest.mark.parametrize("cls", CLASSES)
each_elementwise = pytest.mark.parametrize(
    "cls", [cls for cls in CLASSES if issubclass(cls, Elementwise)]
)
CHAPTER = Path(__file__).parent.parent / "book" / "no_longer_fits.ipynb"
DTYPES = ("float16", "float32", "float64", "int32", "bool")


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(60, 30)).astype(np.float32)


@each
@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
def test_blocks_are_answered_as_the_whole_is(cls, scheduler, x):
    """Rows stay whole; the columns of what is elementwise are cut too."""
    act = cls()
    columns = 7 if issubclass(cls, Elementwise) else -1
    for dtype in DTYPES:
        whole = x.astype(dtype)
        blocks = da.from_array(whole, chunks=(17, columns)).map_blocks(act)
        answer = blocks.compute(scheduler=scheduler)
        assert blocks.dtype == answer.dtype
        assert_same(answer, act(whole))


@each_elementwise
def test_slopes_are_answered_block_by_block(cls, x):
    slopes = da.from_array(x, chunks=(17, 7)).map_blocks(cls().derivative)
    assert_same(slopes.compute(scheduler="threads"), cls().derivative(x))


@each
def test_a_dask_array_is_not_computed_behind_your_back(cls, x):
    with pytest.raises(TypeError, match=r"use \.map_blocks\(activation\)"):
        cls()(da.from_array(x, chunks=17))


def test_dask_tells_functions_and_their_parameters_apart():
    one, two = Elliot(steepness=1), Elliot(steepness=2)
    assert tokenize(one) == tokenize(Elliot(steepness=1))
    assert tokenize(one) != tokenize(two)
    assert tokenize(one.derivative) != tokenize(two.derivative)
    assert tokenize(Softmax(axis=0)) != tokenize(Softmax())


def test_what_forward_remembers_does_not_travel(x):
    act = SoftSign()
    alone = len(pickle.dumps(act))
    act.forward(x)
    assert len(pickle.dumps(act)) == alone < 200


@pytest.fixture(scope="module")
def client():
    """Processes of their own, which get the functions as pickles."""
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_processes_answer_as_this_one_does(client, x):
    blocks = da.from_array(x, chunks=(17, 30))
    assert client.scheduler_info()["workers"]
    for cls in CLASSES:
        assert_same(blocks.map_blocks(cls()).compute(), cls()(x))


@each
def test_xarray_keeps_its_labels(cls, x):
    act = cls()
    labelled = xr.DataArray(x, dims=("image", "class"), coords={"image": range(60)})
    expected = labelled.copy(data=act(x))
    core = {} if issubclass(cls, Elementwise) else {"input_core_dims": [["class"]]}
    core |= {"output_core_dims": core["input_core_dims"]} if core else {}
    xr.testing.assert_identical(xr.apply_ufunc(act, labelled, **core), expected)
    blocks = xr.apply_ufunc(act, labelled.chunk(image=17), dask="parallelized", **core)
    assert blocks.dtype == np.float32
    xr.testing.assert_identical(blocks.compute(scheduler="threads"), expected)


VERBS = {
    "call": lambda act, x, out: act(x, out=out),
    "derivative": lambda act, x, out: act.derivative(x, out=out),
}


@each
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "to another file"])
def test_a_mapped_file_is_never_in_memory_as_a_whole(cls, verb, in_place, tmp_path):
    shape = (4096, 512)  # 8 MB
    source = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, shape)
    source[...] = np.linspace(-20, 20, shape[1], dtype=np.float32)
    rows = np.array(source[:2])
    target = source
    if not in_place:
        target = np.lib.format.open_memmap(tmp_path / "y.npy", "w+", np.float32, shape)
    tracemalloc.start()
    answer = VERBS[verb](cls(), source, target)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer is target
    assert peak < source.nbytes / 2
    answer.flush()
    written = np.load(tmp_path / ("x.npy" if in_place else "y.npy"))
    assert_same(written[-2:], VERBS[verb](cls(), rows, None))


def test_a_file_opened_for_reading_is_not_written_to(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(3))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert SoftSign()(mapped).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="out must be writeable, and this array is read-only"):
        SoftSign()(mapped, out=mapped)


@each
def test_scikit_learn_transforms_copies_and_pickles(cls, x):
    act = cls()
    transformer = FunctionTransformer(act)
    assert transformer.get_params()["func"] is act
    assert clone(transformer).get_params()["func"] == act
    for one in (transformer, clone(transformer), pickle.loads(pickle.dumps(transformer))):
        assert_same(one.fit_transform(x), act(x))


def test_scikit_learn_sets_the_function_of_a_pipeline(x):
    pipe = make_pipeline(StandardScaler(), FunctionTransformer(Elliot()))
    pipe.set_params(functiontransformer__func=Elliot(steepness=2))
    assert_same(pipe.fit_transform(x), Elliot(steepness=2)(StandardScaler().fit_transform(x)))


def test_a_table_is_refused_until_scikit_learn_hands_over_numbers():
    table = pd.DataFrame({"a": [0.0, 1.0], "b": [-1.0, 2.0]})
    with pytest.raises(TypeError, match=re.escape("pass .to_numpy()")):
        FunctionTransformer(SoftSign()).fit_transform(table)
    transformer = FunctionTransformer(SoftSign(), validate=True, feature_names_out="one-to-one")
    answer = transformer.set_output(transform="pandas").fit_transform(table)
    assert list(answer) == ["a", "b"]
    assert_same(answer.to_numpy(), SoftSign()(table.to_numpy()))


def test_the_lines_that_the_chapter_shows_and_does_not_run_are_right():
    """Labels and pipelines are not in the environment that runs the pages."""
    notebook = nbformat.read(CHAPTER, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    names = {"Sigmoid": Sigmoid, "Softmax": Softmax}
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for block in blocks:
        exec(block, names)
    assert len(blocks) == 2
    assert names["values"].dims == names["shares"].dims == ("image", "class")
    assert names["shares"].sum("class").values.tolist() == [1, 1]
    assert_same(names["squashed"], Sigmoid()(np.array([[-1.0, -1.0], [1.0, 1.0]])))
