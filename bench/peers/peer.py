"""Runs moocore, pygmo and pymoo for the benches: one JSON request a line in, one answer a line out.

All times are CPU time of this process (time.process_time), in microseconds or seconds as the key says.
"""

import json
import sys
import time

import numpy as np


def points_of(request):
    return np.fromfile(request["file"], dtype="<f8").reshape(-1, request["objectives"])


def cpu_us_per_call(work, calls):
    before = time.process_time()
    for _ in range(calls):
        work()
    return (time.process_time() - before) / calls * 1e6


def sort(request):
    """moocore's C function by itself, and through its Python function."""
    import moocore
    from moocore._moocore import ffi, lib, np2d_to_double_array

    points = points_of(request)
    data, rows, columns = np2d_to_double_array(points, ctype_shape=("size_t", "uint_fast8_t"))
    ranks = np.empty(len(points), dtype=np.intc)
    out = ffi.from_buffer("int []", ranks)
    us = cpu_us_per_call(lambda: lib.pareto_rank(out, data, rows, columns), request["calls"])
    if "ranks" in request:
        ranks.astype("<u4").tofile(request["ranks"])
    return {"us": us, "us_wrapped": cpu_us_per_call(lambda: moocore.pareto_rank(points), request["calls"])}


def hypervolume(request):
    import moocore

    points = points_of(request)
    reference = np.full(request["objectives"], 1.1)
    value = float(moocore.hypervolume(points, ref=reference))
    us = cpu_us_per_call(lambda: moocore.hypervolume(points, ref=reference), request["calls"])
    return {"value": value, "us": us}


class PymooProblem:
    """A problem of pymoo for pagmo2's algorithm: pagmo2's own WFG8 differs from pymoo's (and from ours)."""

    def __init__(self, name, objectives):
        from pymoo.problems import get_problem

        self.problem = get_problem(name, n_var=24, n_obj=objectives, k=4)

    def get_nobj(self):
        return self.problem.n_obj

    def get_bounds(self):
        return self.problem.xl, self.problem.xu

    def fitness(self, variables):
        return self.problem.evaluate(variables[None, :], return_values_of=["F"])[0]


def pygmo_problem(name, objectives):
    import pygmo

    if name == "WFG8":
        return pygmo.problem(PymooProblem(name.lower(), objectives))

    family, number = name[:-1], int(name[-1])
    if family == "ZDT":
        return pygmo.problem(pygmo.zdt(prob_id=number, param=10 if number in (4, 6) else 30))
    if family == "WFG":
        return pygmo.problem(pygmo.wfg(prob_id=number, dim_dvs=24, dim_obj=objectives, dim_k=4))
    distance = {1: 5, 7: 20}.get(number, 10)
    sizes = {"dim": objectives - 1 + distance, "fdim": objectives}
    return pygmo.problem(pygmo.dtlz(prob_id=number, alpha=100, **sizes))


def nsga2_pygmo(request):
    import pygmo

    problem = pygmo_problem(request["problem"], request["objectives"])
    settings = {"cr": 0.9, "eta_c": 15, "m": 1 / problem.get_nx(), "eta_m": 20, "seed": request["seed"]}
    algorithm = pygmo.algorithm(pygmo.nsga2(gen=request["generations"], **settings))
    before = time.process_time()
    population = pygmo.population(problem, size=request["population"], seed=request["seed"])
    population = algorithm.evolve(population)
    seconds = time.process_time() - before
    return {"seconds": seconds, "variables": problem.get_nx(), "objectives": first_front(population.get_f())}


def nsga2_pymoo(request):
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.operators.crossover.sbx import SBX
    from pymoo.operators.mutation.pm import PM
    from pymoo.optimize import minimize
    from pymoo.problems import get_problem

    name, objectives = request["problem"].lower(), request["objectives"]
    if name.startswith("dtlz"):
        problem = get_problem(name, n_var=objectives + 9, n_obj=objectives)
    else:
        problem = get_problem(name)
    mutation = PM(prob=1.0, prob_var=1 / problem.n_var, eta=20)
    algorithm = NSGA2(pop_size=request["population"], crossover=SBX(prob=0.9, eta=15), mutation=mutation)
    before = time.process_time()
    # Its first generation is the random one.
    found = minimize(problem, algorithm, ("n_gen", request["generations"] + 1), seed=request["seed"])
    return {"seconds": time.process_time() - before, "objectives": first_front(found.F)}


class Placement:
    """Jobs onto nodes for pagmo2, whose NSGA-II takes no constraints: overload is a penalty."""

    PENALTY = 1000.0

    def __init__(self, nodes, jobs):
        resources = ("cpu", "memory", "gpu")
        self.capacity = [np.maximum(np.array(nodes[name], dtype=float), 1e-9) for name in resources]
        self.requests = [np.array(jobs[name], dtype=float) for name in resources]
        self.rates = [np.array(nodes[name], dtype=float) for name in ("latency", "distrust", "cost", "price")]

    def get_nobj(self):
        return 5

    def get_nix(self):
        return len(self.requests[0])

    def get_bounds(self):
        return [0] * self.get_nix(), [len(self.capacity[0]) - 1] * self.get_nix()

    def fitness(self, genes):
        nodes = genes.astype(np.int64)
        pairs = zip(self.requests, self.capacity)
        loads = [np.bincount(nodes, asked, len(has)) / has for asked, has in pairs]
        overload = sum(np.maximum(load - 1, 0).sum() for load in loads) * self.PENALTY
        latency, distrust, cost, price = (rate[nodes].mean() for rate in self.rates)
        return [value + overload for value in (latency, loads[0].std(), distrust, cost, price)]

    def overloaded(self, genes):
        nodes = genes.astype(np.int64)
        pairs = zip(self.requests, self.capacity)
        return any((np.bincount(nodes, asked, len(has)) > has + 1e-6).any() for asked, has in pairs)


def placement_pygmo(request):
    import pygmo

    placement = Placement(request["nodes"], request["jobs"])
    problem = pygmo.problem(placement)
    settings = {"cr": 0.9, "eta_c": 15, "m": 1 / placement.get_nix(), "eta_m": 20, "seed": request["seed"]}
    before = time.process_time()
    population = pygmo.population(problem, size=request["population"], seed=request["seed"])
    population = pygmo.algorithm(pygmo.nsga2(gen=request["generations"], **settings)).evolve(population)
    seconds = time.process_time() - before
    kept = sum(not placement.overloaded(genes) for genes in population.get_x())
    return {"seconds": seconds, "feasible": kept}


def first_front(objectives):
    import moocore

    return objectives[moocore.is_nondominated(objectives)].ravel().tolist()


def evaluate(request):
    """Objectives that pygmo computes for rows of variables: shows that both solve the same problem."""
    problem = pygmo_problem(request["problem"], request["objectives"])
    rows = np.array(request["variables"]).reshape(-1, problem.get_nx())
    return {"objectives": [float(value) for row in rows for value in problem.fitness(row)]}


REQUESTS = (sort, hypervolume, nsga2_pygmo, nsga2_pymoo, placement_pygmo, evaluate)
WORK = {work.__name__: work for work in REQUESTS}

for line in sys.stdin:
    request = json.loads(line)
    try:
        print(json.dumps(WORK[request["work"]](request)))
    except Exception as error:  # The bench shows it and ends.
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
