/* What a roster comes to: which changes, for whom, and which rows cannot be used. Nothing is asked
 * of anybody: what is there is told to the plan. */
#include <stdarg.h> /* cmocka.h wants these four before it */
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <malloc.h>
#include <string.h>

#include "lib/service/sync.h"

struct world {
    struct sl_arena *arena;
    struct sl_roster roster;
    struct sl_sync *sync;
};

static int begin(void **state)
{
    struct sl_arena *arena = sl_arena_new();
    struct world *world = SL_NEW(arena, struct world, 1);

    world->arena = arena;
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    struct sl_arena *arena = world->arena;

    sl_arena_free(&arena);
    return 0;
}

static int read_text(struct world *world, const char *text, struct sl_err *err)
{
    FILE *in = tmpfile();
    int status;

    assert_non_null(in);
    assert_int_equal(fputs(text, in) < 0, 0);
    rewind(in);
    status = sl_roster_read(world->arena, in, &world->roster, err);
    (void)fclose(in);
    return status;
}

static void roster(struct world *world, const char *text)
{
    struct sl_err err = { 0 };

    if (read_text(world, text, &err) < 0)
        fail_msg("%s", err.text);
    world->sync = sl_sync_new(world->arena, &world->roster);
}

static void refused(struct world *world, const char *text, const char *why)
{
    struct sl_err err = { 0 };

    assert_int_equal(read_text(world, text, &err), -1);
    assert_int_equal(err.code, SL_ERR_DATA);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" is not about \"%s\"", err.text, why);
}

static struct json_object *parse(const char *json)
{
    struct json_object *doc = sl_json_parse(json, strlen(json));

    assert_non_null(doc);
    return doc;
}

static void user(struct world *world, enum sl_roster_column by, const char *json)
{
    SL_AUTO(sl_json_free) struct json_object *doc = parse(json);

    sl_sync_found_user(world->sync, by, doc);
}

static void course(struct world *world, const char *json)
{
    SL_AUTO(sl_json_free) struct json_object *doc = parse(json);

    sl_sync_found_course(world->sync, doc);
}

static void participant(struct world *world, size_t i, const char *json)
{
    SL_AUTO(sl_json_free) struct json_object *doc = parse(json);

    sl_sync_found_participant(world->sync, &world->sync->courses[i], doc);
}

/* "2 create jane; 3 enrol jane MATH student; …", a failure as "4 failed WHY". */
static void plans(struct world *world, enum sl_sync_missing missing, const char *wanted)
{
    struct sl_buf text = sl_buf_new(world->arena);

    sl_sync_plan(world->sync, missing);
    for (size_t i = 0; i < world->sync->n_changes; i++) {
        const struct sl_sync_change *one = &world->sync->changes[i];

        sl_buf_printf(&text, "%s%zu ", i > 0 ? "; " : "", one->line);
        if (one->status == SL_SYNC_FAILED) {
            sl_buf_printf(&text, "failed %s", one->error);
            continue;
        }
        sl_buf_printf(&text, "%s %s", sl_sync_act_names[one->act], one->username);
        sl_buf_printf(&text, "%s%s", one->course ? " " : "", one->course ? one->course->name : "");
        sl_buf_printf(&text, "%s%s", one->role ? " " : "", one->role ? one->role : "");
        sl_buf_printf(&text, "%s%s", one->group ? " " : "", one->group ? one->group->name : "");
        sl_buf_printf(&text, "%s%s", one->what ? " " : "", one->what ? one->what : "");
    }
    assert_string_equal(text.len > 0 ? text.data : "", wanted);
}

/* ---- Lists -------------------------------------------------------------------------------------- */

static void a_list_that_is_no_roster_is_refused(void **state)
{
    refused(*state, "", "empty");
    refused(*state, "username\n", "no rows");
    refused(*state, "firstname\nJane\n", "username");
    refused(*state, "username,usrname\na,b\n", "no column 'usrname'");
    refused(*state, "username\nbad one\n", "no row of the roster can be used; line 2");
}

static void a_bad_row_says_why_and_stops_nothing(void **state)
{
    struct world *world = *state;

    roster(world, "username,firstname,email,course,role\n"
                  "jane,Jane,jane@school.test,,\n"
                  "J\xc3\xb6rg,J,j@school.test,,\n"
                  ",A,a@school.test,,\n"
                  "b,<b>,b@school.test,,\n"
                  "c,C,nowhere,,\n"
                  "d,D,d@school.test,,student\n"
                  "e,\"E\x01\",e@school.test,,\n");
    assert_int_equal(world->roster.n, 7);
    assert_int_equal(world->roster.n_bad, 6);
    assert_null(world->roster.rows[0].bad);
    assert_non_null(strstr(world->roster.rows[1].bad, "letters without accents"));
    assert_string_equal(world->roster.rows[2].bad, "no username");
    assert_string_equal(world->roster.rows[3].bad, "firstname has < or > in it");
    assert_string_equal(world->roster.rows[4].bad, "email is no e-mail address");
    assert_string_equal(world->roster.rows[5].bad, "a role without a course");
    assert_string_equal(world->roster.rows[6].bad, "firstname has a control character");
    assert_int_equal(world->roster.rows[6].line, 8);
}

/* ---- People ------------------------------------------------------------------------------------- */

static const char jane[] = "username,firstname,lastname,email,idnumber,course,role,group\n"
                           "Jane,Jane,W,jane@school.test,ADM1,,,\n";

static void who_is_not_there_is_made(void **state)
{
    roster(*state, jane);
    plans(*state, SL_SYNC_KEEP_MISSING, "2 create jane");
}

static void who_lacks_a_name_cannot_be_made(void **state)
{
    roster(*state, "username,firstname\njane,Jane\n");
    plans(*state, SL_SYNC_KEEP_MISSING,
          "2 failed nobody there is called so, and who is to be made needs firstname, lastname and "
          "email");
}

static void only_what_differs_is_updated(void **state)
{
    roster(*state, jane);
    user(*state, SL_ROSTER_USERNAME,
         "{\"id\":\"4\",\"username\":\"jane\",\"firstname\":\"Jane\",\"lastname\":\"X\","
         "\"email\":\"JANE@school.test\",\"idnumber\":\"ADM0\"}");
    plans(*state, SL_SYNC_KEEP_MISSING, "2 update jane lastname, idnumber");
}

static void who_agrees_stays(void **state)
{
    struct world *world = *state;

    roster(world, jane);
    user(world, SL_ROSTER_USERNAME,
         "{\"id\":\"4\",\"username\":\"jane\",\"firstname\":\"Jane\",\"lastname\":\"W\","
         "\"email\":\"jane@school.test\",\"idnumber\":\"ADM1\"}");
    plans(world, SL_SYNC_KEEP_MISSING, "");
    assert_int_equal(world->sync->n_unchanged, 1);
}

static void what_may_not_be_seen_is_not_changed(void **state)
{
    roster(*state, jane);
    user(*state, SL_ROSTER_USERNAME, "{\"id\":\"4\",\"username\":\"jane\"}");
    plans(*state, SL_SYNC_KEEP_MISSING, "");
}

static void an_idnumber_finds_who_has_another_username(void **state)
{
    struct world *world = *state;

    roster(world, jane);
    assert_true(sl_sync_is_sought(&world->sync->people[0], SL_ROSTER_IDNUMBER));
    user(world, SL_ROSTER_IDNUMBER,
         "{\"id\":\"4\",\"username\":\"jane.w\",\"firstname\":\"J\",\"idnumber\":\"ADM1\"}");
    assert_false(sl_sync_is_sought(&world->sync->people[0], SL_ROSTER_EMAIL));
    plans(world, SL_SYNC_KEEP_MISSING, "2 update jane.w firstname");
}

static void two_users_of_one_idnumber_are_a_persons_to_decide(void **state)
{
    roster(*state, jane);
    user(*state, SL_ROSTER_IDNUMBER, "{\"id\":\"4\",\"username\":\"a\",\"idnumber\":\"ADM1\"}");
    user(*state, SL_ROSTER_IDNUMBER, "{\"id\":\"5\",\"username\":\"b\",\"idnumber\":\"ADM1\"}");
    plans(*state, SL_SYNC_KEEP_MISSING,
          "2 failed two users there have this idnumber: a person has to decide");
}

static void a_username_and_an_idnumber_of_two_users_are_too(void **state)
{
    roster(*state, jane);
    user(*state, SL_ROSTER_USERNAME, "{\"id\":\"4\",\"username\":\"jane\",\"idnumber\":\"ADM9\"}");
    user(*state, SL_ROSTER_IDNUMBER, "{\"id\":\"5\",\"username\":\"b\",\"idnumber\":\"ADM1\"}");
    plans(*state, SL_SYNC_KEEP_MISSING,
          "2 failed one user there has its username, another its idnumber: a person has to decide");
}

static void an_address_of_somebody_with_another_number_is_not_taken(void **state)
{
    roster(*state, jane);
    user(*state, SL_ROSTER_EMAIL,
         "{\"id\":\"4\",\"username\":\"sister\",\"email\":\"jane@school.test\",\"idnumber\":"
         "\"ADM2\"}");
    plans(*state, SL_SYNC_KEEP_MISSING,
          "2 failed its email is that of a user with another idnumber");
}

static void two_people_of_one_address_are_not_one(void **state)
{
    roster(*state, "username,firstname,lastname,email\n"
                   "zoe,Z,W,parent@school.test\n"
                   "amy,A,W,Parent@school.test\n");
    plans(*state, SL_SYNC_KEEP_MISSING, "3 failed email is that of line 2; 2 create zoe");
}

static void two_people_cannot_be_one_user(void **state)
{
    roster(*state, "username,firstname,lastname,email,idnumber\n"
                   "old,J,W,a@school.test,ADM1\n"
                   "new,J,W,b@school.test,ADM2\n");
    user(*state, SL_ROSTER_USERNAME,
         "{\"id\":\"4\",\"username\":\"old\",\"firstname\":\"J\",\"lastname\":\"W\"}");
    user(*state, SL_ROSTER_IDNUMBER, "{\"id\":\"4\",\"username\":\"old\",\"idnumber\":\"ADM2\"}");
    plans(*state, SL_SYNC_KEEP_MISSING, "3 failed its idnumber is that of the user of line 2");
}

static void rows_of_a_person_add_up_and_may_not_contradict(void **state)
{
    struct world *world = *state;

    roster(world, "username,firstname,lastname,email,course\n"
                  "jane,Jane,,,MATH\n"
                  "jane,,W,jane@school.test,KIS\n"
                  "jane,Joan,,,ENG\n");
    assert_int_equal(world->roster.n_bad, 1);
    course(world, "{\"id\":\"2\",\"shortname\":\"MATH\"}");
    course(world, "{\"id\":\"3\",\"shortname\":\"other\",\"idnumber\":\"KIS\"}");
    plans(world, SL_SYNC_KEEP_MISSING,
          "4 failed firstname is not what line 2 says; 2 create jane; 2 enrol jane MATH; 3 enrol "
          "jane KIS");
}

/* ---- Courses ------------------------------------------------------------------------------------ */

static void in_math(struct world *world)
{
    roster(world, "username,firstname,lastname,email,course,role\n"
                  "jane,Jane,W,jane@school.test,MATH,student\n"
                  "omar,Omar,K,omar@school.test,MATH,\n"
                  "jane,,,,MATH,student\n");
    user(world, SL_ROSTER_USERNAME, "{\"id\":\"4\",\"username\":\"jane\"}");
    user(world, SL_ROSTER_USERNAME, "{\"id\":\"10\",\"username\":\"omar\"}");
    course(world, "{\"id\":\"2\",\"shortname\":\"MATH\"}");
}

static void the_same_enrolment_twice_is_one(void **state)
{
    in_math(*state);
    plans(*state, SL_SYNC_KEEP_MISSING, "2 enrol jane MATH student; 3 enrol omar MATH");
}

static void an_unknown_course_fails_its_rows(void **state)
{
    roster(*state, "username,course\njane,MATH\n");
    user(*state, SL_ROSTER_USERNAME, "{\"id\":\"4\",\"username\":\"jane\"}");
    plans(*state, SL_SYNC_KEEP_MISSING, "2 failed there is no course 'MATH'");
}

static void another_role_is_given_and_any_will_do_where_none_is_named(void **state)
{
    in_math(*state);
    participant(*state, 0, "{\"id\":\"4\",\"username\":\"jane\",\"role\":\"teacher\"}");
    participant(*state, 0, "{\"id\":\"10\",\"username\":\"omar\",\"role\":\"teacher\"}");
    plans(*state, SL_SYNC_KEEP_MISSING, "2 enrol jane MATH student");
}

static void all_are_in_math(struct world *world)
{
    in_math(world);
    participant(world, 0, "{\"id\":\"10\",\"username\":\"omar\",\"role\":\"student\"}");
    participant(world, 0, "{\"id\":\"4\",\"username\":\"jane\",\"role\":\"teacher,student\"}");
    participant(world, 0, "{\"id\":\"7\",\"username\":\"left\",\"role\":\"student\"}");
    participant(world, 0, "{\"id\":\"8\",\"username\":\"sir\",\"role\":\"editingteacher\"}");
}

static void who_is_missing_stays_unless_it_is_asked_for(void **state)
{
    struct world *world = *state;

    all_are_in_math(world);
    plans(world, SL_SYNC_KEEP_MISSING, "");
    assert_int_equal(world->sync->n_missing, 1);
}

static void the_missing_of_a_role_that_the_roster_gives_are_suspended(void **state)
{
    all_are_in_math(*state);
    plans(*state, SL_SYNC_SUSPEND_MISSING, "0 suspend left MATH student");
}

static void nobody_is_suspended_while_a_row_cannot_be_used(void **state)
{
    struct world *world = *state;

    roster(world, "username,course\njane,MATH\nle ft,MATH\n");
    user(world, SL_ROSTER_USERNAME, "{\"id\":\"4\",\"username\":\"jane\"}");
    course(world, "{\"id\":\"2\",\"shortname\":\"MATH\"}");
    participant(world, 0, "{\"id\":\"4\",\"username\":\"jane\",\"role\":\"student\"}");
    participant(world, 0, "{\"id\":\"7\",\"username\":\"left\",\"role\":\"student\"}");
    sl_sync_plan(world->sync, SL_SYNC_SUSPEND_MISSING);
    assert_int_equal(sl_sync_count(world->sync, SL_SYNC_SUSPEND), 0);
    assert_int_equal(world->sync->n_missing, 1);
    assert_true(world->sync->held_back);
}

/* ---- Groups ------------------------------------------------------------------------------------- */

static void found_group(struct world *world, const char *json)
{
    SL_AUTO(sl_json_free) struct json_object *doc = parse(json);

    sl_sync_found_group(&world->sync->groups[0], world->arena, doc);
}

static void who_is_no_member_joins(void **state)
{
    struct world *world = *state;
    SL_AUTO(sl_json_free) struct json_object *member = parse("{\"group\":\"1\",\"user\":\"10\"}");

    roster(world, "username,group\njane,1 East\nomar,1 East\n");
    user(world, SL_ROSTER_USERNAME, "{\"id\":\"4\",\"username\":\"jane\"}");
    user(world, SL_ROSTER_USERNAME, "{\"id\":\"10\",\"username\":\"omar\"}");
    found_group(world, "{\"id\":\"9\",\"name\":\"1 East Choir\",\"idnumber\":\"\"}");
    assert_null(world->sync->groups[0].id);
    found_group(world, "{\"id\":\"1\",\"name\":\"First form, east\",\"idnumber\":\"1 East\"}");
    assert_string_equal(world->sync->groups[0].id, "1");
    sl_sync_found_member(world->sync, &world->sync->groups[0], member);
    plans(world, SL_SYNC_KEEP_MISSING, "2 join jane 1 East");
}

/* ---- Memory ------------------------------------------------------------------------------------- */

/* A school's roster, each row of it somebody new in a course and a group. */
static FILE *pupils(int n)
{
    FILE *list = tmpfile();

    assert_non_null(list);
    (void)fputs("username,firstname,lastname,email,course,role,group,idnumber\n", list);
    for (int i = 0; i < n; i++)
        (void)fprintf(list,
                      "pupil%d,Name%d,Family%d,pupil%d@pupils.invalid,F%d,student,Form %d,ADM%d\n",
                      i, i, i, i, i % 3, i % 4, i);
    rewind(list);
    return list;
}

static size_t allocated(void)
{
    struct mallinfo2 now = mallinfo2();

    return now.uordblks + now.hblkhd;
}

static void a_row_and_its_changes_take_less_than_800_bytes(void **state)
{
    enum { ROWS = 5000 };
    struct world *world = *state;
    size_t before = allocated();
    FILE *list = pupils(ROWS);
    struct sl_err err;

    assert_int_equal(sl_roster_read(world->arena, list, &world->roster, &err), 0);
    (void)fclose(list);
    world->sync = sl_sync_new(world->arena, &world->roster);
    for (size_t i = 0; i < world->sync->n_courses; i++)
        world->sync->courses[i].id = "7";
    sl_sync_plan(world->sync, SL_SYNC_KEEP_MISSING);
    assert_int_equal(world->sync->n_changes, 3 * ROWS);
    assert_in_range(allocated() - before, 0, 800 * ROWS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_that_is_no_roster_is_refused),
        TEST(a_bad_row_says_why_and_stops_nothing),
        TEST(who_is_not_there_is_made),
        TEST(who_lacks_a_name_cannot_be_made),
        TEST(only_what_differs_is_updated),
        TEST(who_agrees_stays),
        TEST(what_may_not_be_seen_is_not_changed),
        TEST(an_idnumber_finds_who_has_another_username),
        TEST(two_users_of_one_idnumber_are_a_persons_to_decide),
        TEST(a_username_and_an_idnumber_of_two_users_are_too),
        TEST(an_address_of_somebody_with_another_number_is_not_taken),
        TEST(two_people_of_one_address_are_not_one),
        TEST(two_people_cannot_be_one_user),
        TEST(rows_of_a_person_add_up_and_may_not_contradict),
        TEST(the_same_enrolment_twice_is_one),
        TEST(an_unknown_course_fails_its_rows),
        TEST(another_role_is_given_and_any_will_do_where_none_is_named),
        TEST(who_is_missing_stays_unless_it_is_asked_for),
        TEST(the_missing_of_a_role_that_the_roster_gives_are_suspended),
        TEST(nobody_is_suspended_while_a_row_cannot_be_used),
        TEST(who_is_no_member_joins),
        TEST(a_row_and_its_changes_take_less_than_800_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
