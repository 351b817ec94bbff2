/* intake: the gate. Its journey is intake.c; see README.md. */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "run/run.h"

/* Without its migrations: main.c adds them. Every input.event is a struct intake_fact (core/fact.h). */
extern const struct run_service intake_service;

#endif
