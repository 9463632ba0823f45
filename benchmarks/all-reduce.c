// A plain C loop of all-reduces, for benchmarks/all-reduce.mjs, which builds it with mpicc as a library and calls it in the same
// processes and on the same buffer as our communicator.
#include <mpi.h>

double all_reduce_loop(float *values, int count, int rounds) {
  MPI_Barrier(MPI_COMM_WORLD);
  double start = MPI_Wtime();
  for (int i = 0; i < rounds; i++)
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  return (MPI_Wtime() - start) / rounds;
}
