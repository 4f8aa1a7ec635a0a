"""Sites and hub over a network: NVIDIA FLARE's messaging layer carries signed bytes between them.

Only FLARE's cells are used (connections, reconnection, request and reply), never its job runner:
nothing that arrives is ever executed or deserialised, and what a cell does not know it drops.

    certificates  a small authority of the network's own; who may connect
    kit           what a site, a hub and a client keep on disk to find and trust one another
    driver        FLARE's TCP driver with this network's TLS
    cells         one FLARE cell with a guard before it
    calls         a question and its answer in parts, taken up again wherever they were cut
    transport     `Flare`, the port's third way
    hub, site     the two services; client: who submits a study

`nvflare` is imported by `driver` and `cells` only (extra `transat[federation]`).
"""
