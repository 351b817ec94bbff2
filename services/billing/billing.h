/* billing: issues documents and so creates items (README.md). Its journey is billing.c. */
#ifndef BILLING_BILLING_H
#define BILLING_BILLING_H

#include "run/run.h"

/* Without migrations: main.c adds them. */
extern const struct run_service billing_service;

#endif
