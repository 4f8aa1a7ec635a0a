"""Other people's Cox regression and C index on the arrays of `transat bench cox`; run as a program.

    python cox_peers.py PEER FOLDER

A file that imports nothing of Transat, so that any Python that holds the peer can run it (some are
under the GPL and never enter this project's own environment). FOLDER holds x.npy (n, p), time.npy,
event.npy and score.npy (n,). Prints one line of JSON: seconds (clock, processors), values
found, memory.
"""

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np


def lifelines(x: Any, days: Any, event: Any) -> Any:
    """CoxPHFitter as it comes (Efron); the frame that it needs is made in the time measured."""
    frame = import_module("pandas").DataFrame(x, columns=[f"x{k}" for k in range(x.shape[1])])
    frame["time"], frame["event"] = days, event
    fitter = import_module("lifelines").CoxPHFitter()
    return fitter.fit(frame, "time", "event").params_.to_numpy()


def statsmodels(x: Any, days: Any, event: Any) -> Any:
    """PHReg, Efron."""
    regression = import_module("statsmodels.duration.hazard_regression").PHReg
    return regression(days, x, status=event, ties="efron").fit().params


def sksurv(x: Any, days: Any, event: Any) -> Any:
    """CoxPHSurvivalAnalysis, Efron."""
    outcome = np.array(
        list(zip(event.astype(bool), days, strict=True)), dtype=[("e", bool), ("t", float)]
    )
    model = import_module("sksurv.linear_model").CoxPHSurvivalAnalysis(ties="efron")
    return model.fit(x, outcome).coef_


def lifelines_c(score: Any, days: Any, event: Any) -> Any:
    """C of the score, which is high where the event is expected early."""
    index = import_module("lifelines.utils").concordance_index
    return np.array([index(days, -score, event)])


def sksurv_c(score: Any, days: Any, event: Any) -> Any:
    """C of the same."""
    index = import_module("sksurv.metrics").concordance_index_censored
    return np.array([index(event.astype(bool), days, score)[0]])


PEERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "lifelines": lifelines,
    "statsmodels": statsmodels,
    "sksurv": sksurv,
    "lifelines_c": lifelines_c,
    "sksurv_c": sksurv_c,
}

#: R's survival, on the same arrays as raw doubles, column after column.
R = """
suppressMessages(library(survival)); a <- commandArgs(TRUE); n <- as.numeric(a[2]); p <- as.numeric(a[3])
get <- function(f, k) readBin(file.path(a[1], f), "double", k)
d <- get("time.bin", n); e <- get("event.bin", n)
if (p > 0) { x <- matrix(get("x.bin", n * p), n, p); y <- Surv(d, e)
  s <- proc.time()
  v <- coxph.fit(x, y, NULL, NULL, NULL, coxph.control(), NULL, "efron", NULL, nocenter = NULL)$coefficients
} else { x <- get("score.bin", n); s <- proc.time()
  v <- concordance(Surv(d, e) ~ x, reverse = TRUE)$concordance }
t <- proc.time() - s
cat(sprintf('{"seconds": %.4f, "cpu": %.4f, "values": [%s]}', t[[3]], t[[1]] + t[[2]],
  paste(formatC(as.numeric(v), digits = 16), collapse = ", ")))
"""  # noqa: E501


def main(peer: str, folder: Path) -> None:
    """Measure one peer, its imports before the clock."""
    first = "score" if peer.endswith("_c") else "x"
    arrays = [np.load(folder / f"{name}.npy") for name in (first, "time", "event")]
    import_module({"sksurv": "sksurv.metrics"}.get(peer.removesuffix("_c"), peer.split("_")[0]))
    warnings.simplefilter("ignore")
    start, worked = time.perf_counter(), time.process_time()
    values = [float(v) for v in PEERS[peer](*arrays)]
    told = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - worked}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(json.dumps({**told, "values": values, "gb": peak}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
