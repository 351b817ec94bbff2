/* reporting: the projection. See README.md. */
#ifndef OPENITEM_REPORTING_REPORTING_H
#define OPENITEM_REPORTING_REPORTING_H

#include "run/run.h"

/* Sources, in the order of reporting_service.sources: input.source. */
enum reporting_source { REPORTING_INTAKE, REPORTING_BILLING, REPORTING_CASH, REPORTING_COLLECTIONS, REPORTING_SOURCES };

/* Without its migrations: main.c adds them. */
extern const struct run_service reporting_service;

#endif
