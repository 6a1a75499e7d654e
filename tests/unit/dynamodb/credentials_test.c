/*
 * credentials_test.c - files are read as AWS's tools read them, and places tried in their order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "dynamodb/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "dynamodb/dynamodb.h"
#include "dynamodb/profile.h"
#include "unit.h"

static const char *const variables[] = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
};

/* A folder with both files, and an environment that names them and nothing else of AWS's. */
struct home {
    char *folder;
    char credentials[256];
    char config[256];
};

static void write_file(const char *path, const char *words)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(words, file);
    fclose(file);
}

static struct home home_new(const char *credentials, const char *config)
{
    struct home home = {.folder = unit_temp_dir()};
    snprintf(home.credentials, sizeof home.credentials, "%s/credentials", home.folder);
    snprintf(home.config, sizeof home.config, "%s/config", home.folder);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", home.credentials, 1);
    setenv("AWS_CONFIG_FILE", home.config, 1);
    if (credentials != NULL)
        write_file(home.credentials, credentials);
    if (config != NULL)
        write_file(home.config, config);
    return home;
}

TEST(profiles_are_read_as_written)
{
    static const struct {
        const char *name;
        const char *credentials;
        const char *config;
        const char *profile;
        const char *want_key;
        const char *want_secret;
        const char *want_region;
        bool want_found;
    } cases[] = {
        {"plain", "[default]\naws_access_key_id = AK\naws_secret_access_key = SK\n", NULL,
         "default", "AK", "SK", "", true},
        {"no blanks, no last line break",
         "[default]\naws_access_key_id=AK\naws_secret_access_key=S=K", NULL, "default", "AK", "S=K",
         "", true},
        {"comments",
         "# a\n[default] ; b\n;c\naws_access_key_id = AK # d\n#aws_access_key_id = X\n"
         "aws_secret_access_key = S#K\n",
         NULL, "default", "AK", "S#K", "", true},
        {"line breaks of Windows",
         "[default]\r\naws_access_key_id = AK\r\n"
         "aws_secret_access_key = SK\r\n",
         NULL, "default", "AK", "SK", "", true},
        {"the named section only",
         "[default]\naws_access_key_id = X\naws_secret_access_key = Y\n"
         "[two]\naws_access_key_id = AK\naws_secret_access_key = SK\n",
         NULL, "two", "AK", "SK", "", true},
        {"config: profile prefix", NULL,
         "[two]\nregion = wrong\n[profile two]\nregion = eu-west-3\naws_access_key_id = AK\n"
         "aws_secret_access_key = SK\n",
         "two", "AK", "SK", "eu-west-3", true},
        {"config: default has none", NULL, "[default]\nregion = eu-west-3\n", "default", "", "",
         "eu-west-3", true},
        {"credentials go before config",
         "[default]\naws_access_key_id = AK\n"
         "aws_secret_access_key = SK\n",
         "[default]\naws_access_key_id = X\naws_secret_access_key = Y\nregion = r\n", "default",
         "AK", "SK", "r", true},
        {"never half of each", "[default]\naws_access_key_id = AK\n",
         "[default]\naws_access_key_id = X\naws_secret_access_key = Y\n", "default", "AK", "", "",
         true},
        {"nested settings", NULL, "[default]\ns3 =\n  region = wrong\nregion = right\n", "default",
         "", "", "right", true},
        {"not there", "[one]\naws_access_key_id = AK\n", NULL, "two", "", "", "", false},
        {"no files", NULL, NULL, "default", "", "", "", false},
        {"a file without lines", "", "", "default", "", "", "", false},
        {"an open bracket", "[default\naws_access_key_id = AK\n", "[", "default", "AK", "", "",
         true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct home home = home_new(cases[i].credentials, cases[i].config);
        struct profile got;
        struct error err;
        enum status status = profile_read(cases[i].profile, &got, &err);
        ROW(status == STATUS_OK, cases[i].name, "%s", err.message);
        ROW(got.found == cases[i].want_found, cases[i].name, "found %d", got.found);
        ROW(strcmp(got.credentials.access_key, cases[i].want_key) == 0, cases[i].name, "key %s",
            got.credentials.access_key);
        ROW(strcmp(got.credentials.secret_key, cases[i].want_secret) == 0, cases[i].name,
            "secret %s", got.credentials.secret_key);
        ROW(strcmp(got.region, cases[i].want_region) == 0, cases[i].name, "region %s", got.region);
        unit_remove(home.folder);
    }
}

TEST(places_are_tried_in_the_order_of_the_sdks)
{
    static const char files[] =
        "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = s\n"
        "[two]\naws_access_key_id = TWO\naws_secret_access_key = s\n"
        "[half]\naws_access_key_id = HALF\n"
        "[sso]\nsso_session = x\n";
    static const struct {
        const char *name;
        const char *option;    /* a profile that was named outright */
        const char *variable1; /* AWS_PROFILE */
        const char *key;       /* AWS_ACCESS_KEY_ID */
        const char *secret;
        bool has_files;
        enum status want;
        const char *want_key;
        const char *want_words; /* in the error */
    } cases[] = {
        {"environment", NULL, NULL, "ENV", "s", true, STATUS_OK, "ENV", ""},
        {"environment before AWS_PROFILE", NULL, "two", "ENV", "s", true, STATUS_OK, "ENV", ""},
        {"a named profile before the environment", "two", NULL, "ENV", "s", true, STATUS_OK, "TWO",
         ""},
        {"AWS_PROFILE", NULL, "two", NULL, NULL, true, STATUS_OK, "TWO", ""},
        {"default", NULL, NULL, NULL, NULL, true, STATUS_OK, "DEFAULT", ""},
        {"half of the environment", NULL, NULL, "ENV", NULL, true, STATUS_INVALID, "", "only one"},
        {"nothing", NULL, NULL, NULL, NULL, false, STATUS_NOT_FOUND, "", "no AWS credentials"},
        {"a profile that is not there", NULL, "three", NULL, NULL, true, STATUS_NOT_FOUND, "",
         "three"},
        {"half a profile", NULL, "half", NULL, NULL, true, STATUS_NOT_FOUND, "",
         "aws_secret_access_key"},
        {"what we do not do", NULL, "sso", NULL, NULL, true, STATUS_INVALID, "",
         "export-credentials"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct home home = home_new(cases[i].has_files ? files : NULL, NULL);
        struct credentials_provider *provider = NULL;
        struct credentials got = {0};
        uint64_t generation = 0;
        struct error err = {0};
        if (cases[i].variable1 != NULL)
            setenv("AWS_PROFILE", cases[i].variable1, 1);
        if (cases[i].key != NULL)
            setenv("AWS_ACCESS_KEY_ID", cases[i].key, 1);
        if (cases[i].secret != NULL)
            setenv("AWS_SECRET_ACCESS_KEY", cases[i].secret, 1);
        enum status status = credentials_open(
            &(struct credentials_options){.profile = cases[i].option, .region = "r"}, 1000,
            &provider, &err);
        ROW(status == cases[i].want, cases[i].name, "%s: %s", status_code(status), err.message);
        ROW(strstr(err.message, cases[i].want_words) != NULL, cases[i].name, "%s", err.message);
        if (status == STATUS_OK) {
            ASSERT_OK(credentials_get(provider, 1000, &got, &generation, &err), err);
            ROW(strcmp(got.access_key, cases[i].want_key) == 0, cases[i].name, "key %s",
                got.access_key);
        }
        credentials_close(provider);
        unit_remove(home.folder);
    }
}

TEST(a_key_that_was_rotated_in_its_file_is_taken_up_when_the_old_one_is_refused)
{
    struct home home =
        home_new("[default]\naws_access_key_id = OLD\naws_secret_access_key = s\n", NULL);
    struct credentials_provider *provider = NULL;
    struct credentials got = {0};
    uint64_t generation = 0;
    struct error err;
    ASSERT_OK(credentials_open(&(struct credentials_options){.region = "r"}, 1, &provider, &err),
              err);
    ASSERT_OK(credentials_get(provider, 1, &got, &generation, &err), err);
    write_file(home.credentials, "[default]\naws_access_key_id = NEW\naws_secret_access_key = s\n");
    ASSERT_OK(credentials_get(provider, 2, &got, &generation, &err), err);
    assert_string_equal(got.access_key, "OLD");

    credentials_refused(provider, generation);
    uint64_t refused = generation;
    ASSERT_OK(credentials_get(provider, 3, &got, &generation, &err), err);
    assert_string_equal(got.access_key, "NEW");

    /* a refusal of the old ones that comes late does not void the new ones */
    uint64_t newest = generation;
    credentials_refused(provider, refused);
    ASSERT_OK(credentials_get(provider, 4, &got, &generation, &err), err);
    assert_int_equal(generation, newest);
    credentials_close(provider);
    unit_remove(home.folder);
}

TEST(an_endpoint_is_a_scheme_a_host_and_a_port)
{
    static const struct {
        const char *name;
        const char *endpoint; /* NULL: AWS's own */
        const char *region;
        const char *want; /* NULL: refused */
    } cases[] = {
        {"AWS", NULL, "eu-central-1", "https://dynamodb.eu-central-1.amazonaws.com/"},
        {"China", NULL, "cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn/"},
        {"local", "http://127.0.0.1:8000", "r", "http://127.0.0.1:8000/"},
        {"with a slash", "http://127.0.0.1:8000/", "r", "http://127.0.0.1:8000/"},
        {"the scheme's own port", "https://example.com:443", "r", "https://example.com/"},
        {"address of six", "http://[::1]:8000", "r", "http://[::1]:8000/"},
        {"a path", "http://127.0.0.1:8000/x", "r", NULL},
        {"a password", "http://a:b@127.0.0.1:8000", "r", NULL},
        {"a query", "http://127.0.0.1:8000/?x", "r", NULL},
        {"another scheme", "ftp://127.0.0.1", "r", NULL},
        {"no scheme", "127.0.0.1:8000", "r", NULL},
        {"nothing", "", "r", NULL},
        {"a region that is none", NULL, "eu central", NULL},
        {"a region with a slash", NULL, "a/b", NULL},
        {"no region", NULL, NULL, NULL},
    };
    struct home home = home_new(NULL, NULL);
    setenv("AWS_ACCESS_KEY_ID", "AK", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "SK", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dynamodb *dynamodb = NULL;
        struct error err = {0};
        struct dynamodb_options options = {.endpoint = cases[i].endpoint,
                                           .region = cases[i].region};
        enum status status = dynamodb_open(&options, &dynamodb, &err);
        ROW((status == STATUS_OK) == (cases[i].want != NULL), cases[i].name, "%s: %s",
            status_code(status), err.message);
        if (status == STATUS_OK)
            ROW(strcmp(dynamodb_endpoint(dynamodb), cases[i].want) == 0, cases[i].name, "%s",
                dynamodb_endpoint(dynamodb));
        dynamodb_close(dynamodb);
    }
    unit_remove(home.folder);
}

TEST(a_region_comes_from_variables_and_then_the_profile)
{
    struct home home =
        home_new(NULL, "[default]\nregion = of-default\n[profile two]\nregion = of-two\n");
    setenv("AWS_ACCESS_KEY_ID", "AK", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "SK", 1);
    static const struct {
        const char *variable;
        const char *value;
        const char *want;
    } steps[] = {
        {"AWS_UNRELATED", "x", "of-default"},
        {"AWS_PROFILE", "two", "of-two"},
        {"AWS_DEFAULT_REGION", "second", "second"},
        {"AWS_REGION", "first", "first"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct dynamodb *dynamodb = NULL;
        struct error err;
        setenv(steps[i].variable, steps[i].value, 1);
        ASSERT_OK(dynamodb_open(&(struct dynamodb_options){0}, &dynamodb, &err), err);
        ROW(strcmp(dynamodb_region(dynamodb), steps[i].want) == 0, steps[i].variable, "%s",
            dynamodb_region(dynamodb));
        dynamodb_close(dynamodb);
    }
    unit_remove(home.folder);
}

UNIT_MAIN(UNIT(profiles_are_read_as_written), UNIT(places_are_tried_in_the_order_of_the_sdks),
          UNIT(a_key_that_was_rotated_in_its_file_is_taken_up_when_the_old_one_is_refused),
          UNIT(an_endpoint_is_a_scheme_a_host_and_a_port),
          UNIT(a_region_comes_from_variables_and_then_the_profile))
