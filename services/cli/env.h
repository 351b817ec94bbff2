/*
 * env: settings. A variable of the environment wins; what is not set comes from the env file of a home, which is the first of
 *
 *	$OPENITEM_HOME/env            when OPENITEM_HOME is set: that one or none
 *	<directory of openitem>/../env   when the tool was called through a home's bin/
 *	.openitem/env                 in the working directory or one above it
 *
 * Shell syntax as deploy/up writes it: NAME="value", NAME='value', NAME=value, # comment, `export ` in front allowed. Only
 * names that begin with OPENITEM_ are taken, and put into the environment of this process, where the libraries look.
 */
#ifndef CLI_ENV_H
#define CLI_ENV_H

#include "base/base.h"
#include "text/text.h"

#define ENV_PATH_MAX 4096

struct env {
	char file[ENV_PATH_MAX]; /* that was read; "" = none */
	char looked[ENV_PATH_MAX]; /* "the environment and /x/env" for messages */
};

void env_load(const char *argv0, struct env *ret);

/* NULL when not set or empty. */
const char *env_get(const char *name);

/*
 * One line of an env file. False: nothing to take (blank, comment, another name) or *ret_bad = true for a line that is no
 * assignment. Texts point into line. Pure.
 */
bool env_parse(struct text line, struct text *ret_name, struct text *ret_value, bool *ret_bad);

#endif
