//! Made-up answers in the shape of the survey.

use std::io::{Cursor, Write as _};

use tempfile::TempDir;
use trellis_timetable::{Aim, Budget, Cost, Effort, GroupFigures, Round, Share};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const QUESTIONS: &str = "question|description
1|Which year?
3|How many \"courses?
7 _1|<strong>Course:&nbsp;</strong>DEPT 11-01,02 &nbsp;<strong>Schedule:&nbsp;</strong>Mon
7_1|<strong>Course:&nbsp;</strong>DEPT 12 &nbsp; <strong>Schedule:&nbsp;</strong>Tue
7 _1.1|<strong>Course:&nbsp;</strong>DEPT 11-03 &nbsp; <strong>Schedule:&nbsp;</strong>Tue
7_2|<strong>Course:&nbsp;</strong>DEPT 13 &nbsp; <strong>Schedule:&nbsp;</strong>BY ARRANGEMENT
8|
";
const HEADERS: &str = "Progress,1,2,3,5#1_1,7 _1,7_1,7_2,7 _1";
const LIST: [[&str; 6]; 4] = [
    ["Catalog", "Categories", "Enrl Capacity", "Section", "zc.days", "Mtg Time"],
    ["11", "UGRD", "10", "01", "Mon Wed", "11:30 AM - 12:45 PM"],
    ["11", "UGRD", "1", "03", "Fri", "08:30 AM - 09:20 AM"],
    ["12", "UGRD", "10", "1", "Tue", "01:00 PM - 02:15 PM"],
];

/// A workbook of one sheet, in which what looks like a number without a zero before it is one.
fn workbook(rows: &[[&str; 6]]) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let cell = |(place, text): (String, &&str)| match text.parse::<u32>() {
        Ok(number) if !text.starts_with('0') => format!("<c r=\"{place}\"><v>{number}</v></c>"),
        _ => format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"),
    };
    let row = |(row, cells): (usize, &[&str; 6])| {
        let places = ('A'..).map(|column| format!("{column}{row}"));
        let cells: String = places.zip(cells).map(cell).collect();
        format!("<row r=\"{row}\">{cells}</row>")
    };
    let data: String = (1..).zip(rows).map(row).collect();
    let files = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{relation}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{relation}\"><sheets><sheet name=\"Any\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{relation}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{main}\"><sheetData>{data}</sheetData></worksheet>"),
        ),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A folder of a survey.
fn folder(answers: &str, questions: &str, list: &[[&str; 6]]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let [of_answers, of_questions, of_courses] = FILES.map(|name| folder.path().join(name));
    std::fs::write(of_answers, answers).unwrap();
    std::fs::write(of_questions, questions).unwrap();
    std::fs::write(of_courses, workbook(list)).unwrap();
    folder
}

fn surveyed(answers: &str) -> Survey {
    read(folder(&format!("{HEADERS}\n{answers}"), QUESTIONS, &LIST).path()).unwrap()
}

/// What is said of a survey that cannot be read, without the folder.
fn refused(answers: &str, questions: &str, list: &[[&str; 6]]) -> String {
    let folder = folder(answers, questions, list);
    let words = read(folder.path()).unwrap_err();
    words.replace(&format!("{}/", folder.path().display()), "")
}

/// The same with one cell of the list changed.
fn refused_list(row: usize, column: usize, cell: &'static str) -> String {
    let mut list = LIST;
    list[row][column] = cell;
    refused(HEADERS, QUESTIONS, &list)
}

#[test]
fn answers_and_courses_are_read() {
    let survey = surveyed(
        "100,2,5,3,\"1,2\",8,3,7,2\n\
         40,,,,,,,,\n\
         100,6,1,1,,1,1,8,1\n\
         90,6,1,0,,5,,,\n\
         90,6,2,2,,,4,,\n",
    );
    let scores = |scores: &[(usize, u32)]| scores.iter().copied().collect();
    // The second question of a name is about section 03, and nobody listed course 13.
    let first = Answer { year: 2, wanted: 3, scores: scores(&[(0, 8), (1, 2), (2, 3)]) };
    assert_eq!(survey.answers, [first, Answer { year: 6, wanted: 2, scores: scores(&[(2, 4)]) }]);
    assert_eq!((survey.silent, survey.content, survey.unlisted), (1, 2, 1));
    let listed = |number, days, start, length, seats| courses::Listed { number, days, start, length, seats };
    let sections = [
        vec![listed(0, 0b101, 690, 75, 10), listed(1, 0b1_0000, 510, 50, 1)],
        vec![listed(2, 0b10, 780, 75, 10)],
    ];
    assert_eq!(survey.courses, sections.map(|sections| Course { sections }));
}

#[test]
fn what_is_wrong_is_told_by_place_and_not_quoted() {
    let answer = |row: &str| refused(&format!("{HEADERS}\n100,1,1,1,,2,2,,2\n{row}\n"), QUESTIONS, &LIST);
    let number = "expected a whole number from 1 to 8";
    assert_eq!(answer("100,1,1,1,,9,,,"), format!("survey_data.csv: row 3, column 7 _1: {number}"));
    assert_eq!(answer("100,1,1,1,,,,,-1"), format!("survey_data.csv: row 3, column 7 _1.1: {number}"));
    assert_eq!(answer("100,1,1,1,,,secret,,"), format!("survey_data.csv: row 3, column 7_1: {number}"));
    assert_eq!(answer(",7,,1,,,,,"), "survey_data.csv: row 3, column 1: expected a whole number from 1 to 6");
    assert_eq!(
        answer(",1,,1e9,,,,,"),
        "survey_data.csv: row 3, column 3: expected a whole number from 0 to 8"
    );
    assert_eq!(answer("secret,1"), "survey_data.csv: row 3: expected 9 columns");
    assert_eq!(refused("", QUESTIONS, &LIST), "survey_data.csv: it is empty");
    assert_eq!(refused(HEADERS, QUESTIONS, &LIST), "survey_data.csv: there is nothing below the headers");
    assert_eq!(refused("1,3,7 _1\n1,1,1\n", QUESTIONS, &LIST), "survey_data.csv: there is no column 7_1");
    assert_eq!(refused("1,7_1\n1,1\n", QUESTIONS, &LIST), "survey_data.csv: there is no column 3");
    let questions = |text: &str| refused("1,3\n1,1\n", text, &LIST);
    assert_eq!(questions(""), "survey_column_mapping.csv: it is empty");
    assert_eq!(
        questions("question|text\n1|a\n"),
        "survey_column_mapping.csv: there is no column description"
    );
    assert_eq!(
        questions("question|description\n1|a\n"),
        "survey_column_mapping.csv: no question is about a course"
    );
    assert_eq!(
        questions("question|description\n7|Course: secret\n"),
        "survey_column_mapping.csv: row 2, column description: expected a section such as DEPT 101-01"
    );
}

#[test]
fn what_is_wrong_in_the_list_is_told_by_place() {
    assert_eq!(refused_list(0, 2, "Seats"), "anonymized_courses.xlsx: there is no column Enrl Capacity");
    let at =
        |row: usize, column: &str| format!("anonymized_courses.xlsx: row {row}, column {column}: expected");
    let number = "a whole number from 0 to 100000";
    assert_eq!(refused_list(1, 2, "many"), format!("{} {number}", at(2, "Enrl Capacity")));
    assert_eq!(refused_list(3, 2, ""), format!("{} {number}", at(4, "Enrl Capacity")));
    assert_eq!(refused_list(2, 4, "Sun"), format!("{} days such as Tue Thu", at(3, "zc.days")));
    for time in
        ["", "noon", "13:00 PM - 02:15 PM", "02:15 PM - 01:00 PM", "01:00 PM - 01:00 PM", "1:75 AM - 2:00 AM"]
    {
        let words = format!("{} a time such as 01:00 PM - 02:15 PM", at(2, "Mtg Time"));
        assert_eq!(refused_list(1, 5, time), words, "{time}");
    }
    assert_eq!(
        refused_list(2, 3, "1"),
        format!("{} a section that the course does not have yet", at(3, "Section"))
    );
    assert_eq!(refused_list(2, 0, ""), format!("{} a course", at(3, "Catalog")));
    let folder = folder(HEADERS, QUESTIONS, &LIST);
    let list = folder.path().join(FILES[2]);
    for (content, words) in [("", "it is no XLSX workbook"), ("PK\u{3}\u{4}secret", "it is no XLSX workbook")]
    {
        std::fs::write(&list, content).unwrap();
        let told = read(folder.path()).unwrap_err();
        assert!(told.contains(words) && !told.contains("secret"), "{told}");
    }
    std::fs::remove_file(list).unwrap();
    assert!(read(folder.path()).unwrap_err().contains(FILES[2]));
}

/// The penalties of the options of each request that scores give rise to.
fn penalties(scores: &[u32], wanted: usize) -> Vec<Vec<u32>> {
    let mut builder = Builder::new(Horizon::new(1, 1, 1).unwrap());
    let mut offering = || builder.offering(Offering { configurations: Vec::new() });
    let offerings: Vec<OfferingId> = scores.iter().map(|_| offering()).collect();
    let wishes: Vec<Wish> =
        scores.iter().enumerate().map(|(course, score)| Wish { course, score: *score }).collect();
    let requests = requests(&wishes, wanted, &offerings);
    let of = |request: &Request| request.options.iter().map(|(_, penalty)| *penalty).collect();
    requests.iter().map(of).collect()
}

#[test]
fn an_option_costs_what_it_lacks_of_the_worth_of_the_first() {
    // Worth are 7, 5, 5 and 1.
    assert_eq!(penalties(&[8, 6, 6, 2], 2), [[0, 571, 1714], [0, 1, 1600]]);
    assert_eq!(penalties(&[8, 6], 3), [[0], [0]], "no more requests than courses are wanted");
}

#[test]
fn a_course_is_wanted_as_its_best_section_and_ties_are_broken_by_lot() {
    let survey = surveyed("100,1,2,2,,2,5,,5\n100,1,2,2,,1,8,,1\n");
    let orders: Vec<Vec<Wish>> =
        (0..9).map(|seed| ranked(&survey.answers[0], &survey.courses, &mut Chance::new(seed))).collect();
    let wish = |course| Wish { course, score: 5 };
    assert!(orders.contains(&vec![wish(0), wish(1)]) && orders.contains(&vec![wish(1), wish(0)]));
    let other = ranked(&survey.answers[1], &survey.courses, &mut Chance::new(1));
    assert_eq!(other, [Wish { course: 1, score: 8 }], "nobody asks for what is of no interest");
}

/// Ten freshmen who would rather have a course that ten sophomores want and nothing else.
fn contested() -> Survey {
    surveyed(&("100,1,1,1,,8,7,,\n".repeat(10) + &"100,2,1,1,,8,,,1\n".repeat(10)))
}

fn few_epochs() -> Options {
    let round = |aim| Round { aim, planned: 3, done: vec![3] };
    let effort = Effort { rounds: vec![round(Aim::Feasible), round(Aim::Survey), round(Aim::Descent)] };
    Options { budget: Budget::Effort(effort), ..Options::default() }
}

#[test]
fn a_small_case_is_compared() {
    let survey = contested();
    let problem = problem(&survey, 50, 1).unwrap();
    let options = few_epochs();
    let solution = trellis_timetable::solve(&problem, &options, |_| ControlFlow::Continue(())).unwrap();
    // Half of the seats, rounded up: five and one of the course that all want, five of the other.
    let had = solution.plan.seats.iter().flatten().count();
    assert_eq!((solution.cost, had), (Cost { hard: 0, soft: 9 * 2_000 + 5 * 285 }, 11));

    let problem = super::problem(&survey, 100, 1).unwrap();
    let solution = trellis_timetable::solve(&problem, &options, |_| ControlFlow::Continue(())).unwrap();
    let told = compare(&problem, &solution.plan, DRAWS, 1).unwrap();
    let share = |count, of| Share { count, of };
    // Eleven have the first, of whom one is a freshman.
    assert_eq!((told.plan.first_choice, told.plan.unplaced), (share(11, 20), share(0, 20)));
    assert_eq!((told.plan.minimum, told.plan.mean), (857, 936));
    let figures =
        |mean_regret, count| Some(GroupFigures { learners: 10, mean_regret, first_choice: share(count, 10) });
    assert_eq!(
        told.plan.groups.iter().map(|group| group.figures).collect::<Vec<_>>(),
        [figures(129, 1), figures(0, 10)]
    );
    // All freshmen choose first, and leave one seat.
    assert_eq!((told.first_come.first_choice, told.first_come.unplaced), (share(11, 20), share(9, 20)));
    assert_eq!((told.first_come.minimum, told.first_come.mean), (0, 550));
    let lot = &told.random_order;
    assert!(lot.unplaced.count > 0 && lot.mean > 550 && lot.mean < 936, "{lot:?}");
}

#[test]
fn a_run_tells_all_of_it() {
    let told = run(&contested(), 100, &few_epochs()).unwrap();
    for line in [
        "20 learners, 20 requests, 2 offerings, 3 sections, 21 seats (100 %)\n",
        "  left out: 0 answers without year or number of courses, 0 that ask for nothing that is listed, 1 sections that are not listed\n",
        "  the plan      first choice 55.0 %, top three 100.0 %, unplaced 0.0 %; satisfaction at least 857, a tenth below 857, mean 936 of 1000\n",
        "  first come    first choice 55.0 %, top three 55.0 %, unplaced 45.0 %; satisfaction at least 0, a tenth below 0, mean 550 of 1000\n",
        "  freshmen      regret 129 of 1000, first come 0, random order ",
        "  sophomores    regret 0 of 1000, first come 900, random order ",
        "  20 seats are taken, ",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
    let few = run(&surveyed("100,1,1,1,,8,7,,\n"), 100, &few_epochs());
    assert!(few.unwrap().contains("  freshmen      not told: too few learners\n"));
}

#[test]
fn seats_in_sections_that_are_wanted_less_are_counted() {
    // One of two must sit in the section that has a seat and is not wanted.
    let mut list = LIST;
    list[1][2] = "1";
    let answers = format!("{HEADERS}\n{}", "100,1,1,1,,8,,,1\n".repeat(2));
    let survey = read(folder(&answers, QUESTIONS, &list).path()).unwrap();
    let told = run(&survey, 100, &few_epochs()).unwrap();
    assert!(told.ends_with("2 seats are taken, 1 of them in a section that was wanted less than another of its course, of which 1 not at all\n"), "{told}");
}
