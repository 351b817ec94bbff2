/*
 * cash: cash application. Posts bank lines, finds payers, moves money to their accounts and applies it; the only service
 * that changes open amounts. README.md: event in -> outcome -> tables.
 */
#ifndef OPENITEM_CASH_H
#define OPENITEM_CASH_H

#include "run/run.h"

extern const struct core cash_core;
extern const struct run_service cash_service;

#endif
