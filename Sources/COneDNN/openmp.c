/* SPDX-License-Identifier: Apache-2.0
 *
 * Our own loops on libgomp's team of threads. The library links libgomp, and a second OpenMP
 * runtime in the process would fight it over the cores, so its entry points are called directly:
 * the prototypes below are its published binary interface, and no compiler flag is needed.
 */
#include "fovea_onednn.h"

int omp_get_max_threads(void);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
void omp_set_num_threads(int count);
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);

typedef struct {
    void (*body)(void *context, int32_t index, int32_t count);
    void *context;
} team_task;

static void run_on_one_thread(void *data)
{
    const team_task *task = data;
    task->body(task->context, omp_get_thread_num(), omp_get_num_threads());
}

int32_t fovea_omp_max_threads(void)
{
    return omp_get_max_threads();
}

void fovea_omp_set_threads(int32_t count)
{
    omp_set_num_threads(count < 1 ? 1 : count);
}

void fovea_omp_parallel(void (*body)(void *context, int32_t index, int32_t count), void *context)
{
    team_task task = {body, context};
    const unsigned whole_team = 0;
    GOMP_parallel(run_on_one_thread, &task, whole_team, 0);
}
