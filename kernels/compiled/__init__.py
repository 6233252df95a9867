"""The processor's kernels in C: each file holds one concept, and gives the bits that its namesake in `kernels.reference` defines.

They are compiled when Genepool is installed, where there is a C compiler; without them numpy and torch do the same work (see
`kernels.dispatch`). Each is built for several generations of processors, and the loader picks; sums are written in lanes, so that
all of them give the same bits. Calls let other threads run.
"""
