"""Triton: the fused kernels of a GPU. Each file holds one concept, and gives what its namesake in `kernels.reference` defines.

Nothing here is imported before `kernels.dispatch` chooses it. Multiply and add stay separate roundings (`enable_fp_fusion=False`)
and divisions are exact (`div_rn`), so that the elementwise kernels give the bits of the reference.
"""
